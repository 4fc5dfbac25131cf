"""Real servers for tests: shared ones with a database per test, and private ones to break."""

from __future__ import annotations

from servers.databases import KINDS, database
from servers.private import private
from servers.proxy import proxy
from servers.shared import redis_url

__all__ = ["KINDS", "database", "private", "proxy", "redis_url"]
