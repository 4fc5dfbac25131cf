"""What Redis does in one step: KEYS are the lock and its fence, which has no expiry."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha1

_NOW = """
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2])
"""

_HOLDER = """
local lock = redis.call('HMGET', KEYS[1], 'run_id', 'host', 'pid', 'since', 'nonce', 'fence')
local holder = {lock[1], lock[2], lock[3], lock[4], now, redis.call('PTTL', KEYS[1])}
"""

# The nonce makes an acquisition whose answer was lost known when it is asked for again.
ACQUIRE = f"""{_NOW}{_HOLDER}
local run_id, host, pid, nonce, lease, above = unpack(ARGV)
if lock[1] and lock[5] ~= nonce then return holder end
if lock[1] then return {{lock[6]}} end
local fence = redis.call('INCR', KEYS[2])
if fence <= tonumber(above) then
    fence = above + 1
    redis.call('SET', KEYS[2], string.format('%.0f', fence))
end
fence = string.format('%.0f', fence)
redis.call('HSET', KEYS[1], 'run_id', run_id, 'host', host, 'pid', pid, 'since', now,
    'nonce', nonce, 'fence', fence)
redis.call('PEXPIRE', KEYS[1], lease)
return {{fence}}
"""

LOOK = f"""{_NOW}{_HOLDER}
if lock[1] then return holder end
return {{}}
"""

_OWN = """
local lock = redis.call('HMGET', KEYS[1], 'fence', 'run_id')
if lock[1] ~= ARGV[1] or lock[2] ~= ARGV[2] then return 0 end
"""

RENEW = f"{_OWN} return redis.call('PEXPIRE', KEYS[1], ARGV[3])"

RELEASE = f"{_OWN} return redis.call('DEL', KEYS[1])"

BREAK = """
redis.call('DEL', KEYS[1])
return redis.call('INCR', KEYS[2])
"""

SUMS: Mapping[str, str] = {
    script: sha1(script.encode(), usedforsecurity=False).hexdigest()
    for script in (ACQUIRE, LOOK, RENEW, RELEASE, BREAK)
}
