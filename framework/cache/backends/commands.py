"""What is asked of a Redis or Valkey server, and how to take its answers."""

import re

from hiredis import ReplyError
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import ResponseError

from framework.cache.backends.wire import Command

__all__ = ["COUNT", "OWN_EXPIRE", "OWN_REMOVE", "escaped", "is_reply", "milliseconds", "seconds", "setting"]

OWN_EXPIRE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""
OWN_REMOVE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""
# A crash between counting and expiring would leave a counter that never ends.
COUNT = """
local new = redis.call('EXISTS', KEYS[1]) == 0
local total = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(total) ~= 'number' then return nil end
if new and ARGV[2] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return total
"""


def escaped(prefix: str) -> str:
    """Return a prefix as a pattern that matches nothing else."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", prefix)


def is_reply(error: Exception) -> bool:
    """Tell whether it is the server's answer, and not the lack of one."""
    return isinstance(error, (ReplyError, ResponseError)) and not isinstance(error, LostConnection)


def seconds(left: int) -> float | None:
    """Return a PTTL in seconds: 0 when there is nothing, `None` for ever."""
    return None if left == -1 else max(0, left) / 1000


def setting(key: str, value: bytes, ttl: float | None) -> Command:
    """Return the command that lets a key hold bytes."""
    return ("SET", key, value, "PX", milliseconds(ttl)) if ttl else ("SET", key, value)


def milliseconds(ttl: float) -> int:
    """Return a time as the server takes it; never 0, which it refuses."""
    return max(1, round(ttl * 1000))
