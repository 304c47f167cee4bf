"""The gateway: any client's protocol in, any provider out. An ASGI application over ``AsyncClient``."""

from turnout.gateway.app import Gateway as Gateway
from turnout.gateway.settings import Limits as Limits, Settings as Settings
