"""The retrieval service as a process: `python -m services.retrieval.app`."""

from services.retrieval.api import router
from services.retrieval.handlers import SERVICE
from shared.http.app import serve
from shared.runtime.settings import Settings

if __name__ == "__main__":
    serve(SERVICE, router, Settings())
