-- Purpose: delete or set cache keys, each only if no newer version was applied to it before ("never older").
-- An equal version is a redelivery and is applied again, so running the script twice leaves what running it once does.
-- Every key is handled by itself: one that fails does not stop the others.
--
-- KEYS   pairs: the cache key, its version key (src/cache/version-keys.ts)
-- ARGV   [1] how long a version is kept, ms
--        then for each pair: version (integer < 2^53, exact in a Lua number), kind, TTL in ms (0: no expiry),
--        number of values, the values
--        kind `delete`: no values · `string`: the value · `hash`: field, content, field, content, … (none: no key)
-- Return for each pair: 1 applied · 0 a newer version is there, nothing changed · text: the error of this key

-- Lua can unpack only some thousand values into one call.
local SLICE = 1000

local function failure(reply)
  if type(reply) == 'table' and reply.err then return reply.err end
  return nil
end

-- pcall, not call: an error must come back as the outcome of its key.
local function try(...)
  return failure(redis.pcall(...))
end

-- MGET, not GET: a version key of a wrong type then counts as "no version" and is overwritten.
local function isNewer(versionKey, version)
  local reply = redis.pcall('MGET', versionKey)
  local err = failure(reply)
  if err then return nil, err end
  local stored = tonumber(reply[1] or '')
  return stored ~= nil and stored > tonumber(version), nil
end

local function keepVersion(versionKey, version)
  return try('SET', versionKey, version, 'PX', ARGV[1])
end

-- The key first: when memory is full, SET is refused and UNLINK is not. The stale value goes in any case, and the
-- version is kept too, because Redis lets a script that has written go on.
local function delete(key, versionKey, version)
  return try('UNLINK', key) or keepVersion(versionKey, version)
end

-- Version first: should the value then be refused, nothing older can take its place either.
local function setString(key, versionKey, version, ttlMs, value)
  local err = keepVersion(versionKey, version)
  if err then return err end
  if ttlMs == '0' then return try('SET', key, value) end
  return try('SET', key, value, 'PX', ttlMs)
end

-- The old key goes first: no field of it may survive, and it may be of another type.
local function setHash(key, versionKey, version, ttlMs, first, last)
  local err = keepVersion(versionKey, version) or try('UNLINK', key)
  for from = first, last, SLICE do
    if err then return err end
    err = try('HSET', key, unpack(ARGV, from, math.min(from + SLICE - 1, last)))
  end
  if err or ttlMs == '0' then return err end
  return try('PEXPIRE', key, ttlMs)
end

local outcomes = {}
local at = 2
for i = 1, #KEYS, 2 do
  local key, versionKey = KEYS[i], KEYS[i + 1]
  local version, kind, ttlMs = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local first, last = at + 4, at + 3 + tonumber(ARGV[at + 3])
  at = last + 1

  local newer, err = isNewer(versionKey, version)
  if not err and not newer then
    if kind == 'delete' then
      err = delete(key, versionKey, version)
    elseif kind == 'string' then
      err = setString(key, versionKey, version, ttlMs, ARGV[first])
    else
      err = setHash(key, versionKey, version, ttlMs, first, last)
    end
  end
  outcomes[#outcomes + 1] = err or (newer and 0 or 1)
end
return outcomes
