"""The safety service as a process: `python -m services.safety.app`."""

from services.safety.api import router
from services.safety.handlers import SERVICE
from shared.http.app import serve
from shared.runtime.settings import Settings

if __name__ == "__main__":
    serve(SERVICE, router, Settings())
