-- Purpose: leave a mark, and tell which one was there. Whatever was written before a mark that is still there has not been
-- lost, because replicas and files on disk only ever lack the end of what a server has acknowledged.
--
-- KEYS   [1] the mark of this process · [2] the history that nothing is missing in
-- ARGV   [1] the new mark · [2] how long it is kept, ms · [3] id of the history, to be noted in KEYS[2]; empty: noted later
--        · [4] how long that is kept, ms
-- Return what stood in KEYS[1] and KEYS[2] before; an empty text where nothing did

-- MGET, not GET: a key of a wrong type counts as nothing.
local before = redis.call('MGET', KEYS[1], KEYS[2])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
return { before[1] or '', before[2] or '' }
