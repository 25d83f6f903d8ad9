"""API Gateway's events to the application and back."""

from mangum import Mangum

from functions.api.app import create_app

# Made while the sandbox starts, where the CPU is free and fast, and not during the first request.
handler = Mangum(create_app(), lifespan="off")
