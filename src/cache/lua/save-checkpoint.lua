-- Saves a checkpoint, unless a newer fencing token was claimed.
-- KEYS[1]  the checkpoint: its token on a line of its own, then its text. Without that line it is of token 0.
-- ARGV[1]  the token of whoever saves; ARGV[2] the text.
-- Returns 1 if it was saved, 0 if the token is an old one and nothing was changed.
local text = redis.call('GET', KEYS[1]) or ''
local newest = string.match(text, '^(%d+)\n') or '0'
if tonumber(newest) > tonumber(ARGV[1]) then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1] .. '\n' .. ARGV[2])
return 1
