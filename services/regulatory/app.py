"""The regulatory service as a process: `python -m services.regulatory.app`."""

from services.regulatory.api import router
from services.regulatory.handlers import SERVICE
from shared.http.app import serve
from shared.runtime.settings import Settings

if __name__ == "__main__":
    serve(SERVICE, router, Settings())
