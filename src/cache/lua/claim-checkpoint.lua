-- Takes the next fencing token of a checkpoint; the checkpoint itself stays as it is.
-- KEYS[1]  the checkpoint: its token on a line of its own, then its text. Without that line it is of token 0.
--          `claimed` in its place: there is none yet, which an empty text would not tell from a damaged one.
-- Returns the token.
local text = redis.call('GET', KEYS[1]) or '0\nclaimed\n'
local token, rest = string.match(text, '^(%d+)\n(.*)$')
if not token then
  token, rest = '0', text
end
-- "%.0f": a number of Lua prints in another way from 10^14 on.
local claimed = string.format('%.0f', tonumber(token) + 1)
redis.call('SET', KEYS[1], claimed .. '\n' .. rest)
return claimed
