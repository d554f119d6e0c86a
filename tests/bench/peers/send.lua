-- wrk script: POST a send; ORGS=1 is one hot org, else so many. AUTH sets the Authorization header (%d in it is the org's number).
-- TOKENS: a file with a bearer token for each org, a line each, in place of AUTH.
-- RATE: so many a second of all at the most (two threads are taken for granted); unset or 0: as many as are answered.
local orgs = tonumber(os.getenv("ORGS") or "100")
local path = os.getenv("SEND_PATH") or "/api/send-message"
local auth = os.getenv("AUTH")
local tokens
if os.getenv("TOKENS") then
  tokens = {}
  for line in io.lines(os.getenv("TOKENS")) do tokens[#tokens + 1] = "Bearer " .. line end
end
local seed = 0
function setup(thread) seed = seed + 1; thread:set("tid", seed) end
function init(_) math.randomseed(os.time() * 1000 + tid) end
function request()
  local org = math.random(1, orgs)
  local body = string.format('{"org_id":"00000000-0000-4000-8000-%012d","phone":"9198%08d","message":"Your order %d is on its way and will reach you before 9 pm."}',
    org, math.random(1, 20000), math.random(1, 1000000))
  local headers = { ["Content-Type"] = "application/json" }
  if tokens then headers["Authorization"] = tokens[org]
  elseif auth then headers["Authorization"] = string.format(auth, org) end
  return wrk.format("POST", path, headers, body)
end
local rate = tonumber(os.getenv("RATE") or "0") / 2
if rate > 0 then
  local ffi = require("ffi")
  ffi.cdef("typedef struct { long sec, nsec; } when; int clock_gettime(int, when *);")
  local time, slot = ffi.new("when"), 0
  function delay() -- milliseconds until this connection's turn
    ffi.C.clock_gettime(1, time)
    local now = tonumber(time.sec) + tonumber(time.nsec) / 1e9
    slot = math.max(slot + 1 / rate, now)
    return (slot - now) * 1000
  end
end
function done(summary, latency, _)
  local s = summary.duration / 1e6
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format('{"rps":%.0f,"p50_ms":%.2f,"p99_ms":%.2f,"requests":%d,"errors":%d}\n',
    summary.requests / s, latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.requests, bad))
end
