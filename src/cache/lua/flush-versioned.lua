-- Purpose: remove cache keys, each only if no newer version was applied to it before ("never older").
-- Where a version stood it becomes the flush's own, so that no older refresh brings the old value back. Where none
-- stood none is left: a wide pattern finds keys of other owners too, and a version for each would cost more memory than
-- the flush gives back. Running the script twice leaves what running it once does.
-- A forced flush removes keys whatever their version: after a gap (docs/adr/0017-gaps.md) a version may be one that was given
-- before it and that nobody remembers. Above the limit it must be: the flush's own then takes its place, or nothing that comes
-- after the gap would count. Below, it is of something newer than the flush, and stays.
--
-- KEYS   pairs: the cache key, its version key (src/cache/version-keys.ts)
-- ARGV   [1] how long a version is kept, ms · [2] version of the flush (integer < 2^53, exact in a Lua number)
--        [3] `0`: not forced · else the limit
-- Return how many keys were there and are gone; the first error, if there was one: the other keys are done all the same

local function failure(reply)
  if type(reply) == 'table' and reply.err then return reply end
  return nil
end

local version, limit = tonumber(ARGV[2]), tonumber(ARGV[3] or '0')
local removed, failed = 0, nil
for i = 1, #KEYS, 2 do
  local key, versionKey = KEYS[i], KEYS[i + 1]
  -- MGET, not GET: a version key of a wrong type then counts as "no version".
  local reply = redis.pcall('MGET', versionKey)
  local err = failure(reply)
  local stored = not err and tonumber(reply[1] or '') or nil
  local newer = stored and stored > version
  if not err and (limit > 0 or not newer) then
    -- The key first: when memory is full, SET is refused and UNLINK is not, and Redis lets a script that has written go on.
    reply = redis.pcall('UNLINK', key)
    err = failure(reply)
    if not err then
      removed = removed + reply
      if stored and (not newer or stored > limit) then
        err = failure(redis.pcall('SET', versionKey, ARGV[2], 'PX', ARGV[1]))
      end
    end
  end
  failed = failed or err
end
return failed or removed
