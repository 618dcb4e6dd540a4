"""The trials service as a process: `python -m services.trials.app`."""

from services.trials.api import router
from services.trials.handlers import SERVICE
from shared.http.app import serve
from shared.runtime.settings import Settings

if __name__ == "__main__":
    serve(SERVICE, router, Settings())
