-- wrk script: the same request again and again. FLOOD_METHOD (GET), FLOOD_KEY (an API key; "random": another one that
-- nobody has each time), FLOOD_BODY (a file), FLOOD_SIGNATURE (its signature as a webhook's). The path is the URL's.
local method = os.getenv("FLOOD_METHOD") or "GET"
local key = os.getenv("FLOOD_KEY")
local headers = { ["Content-Type"] = "application/json" }
local body, whole
local seed = 0
function setup(thread) seed = seed + 1; thread:set("tid", seed) end
function init(_)
  math.randomseed(os.time() * 1000 + tid)
  if os.getenv("FLOOD_SIGNATURE") then headers["X-Hub-Signature-256"] = "sha256=" .. os.getenv("FLOOD_SIGNATURE") end
  if os.getenv("FLOOD_BODY") then body = assert(io.open(os.getenv("FLOOD_BODY"), "rb")):read("*a") end
  if key and key ~= "random" then headers["Authorization"] = "Bearer " .. key end
  if key ~= "random" then whole = wrk.format(method, nil, headers, body) end
end
function request()
  if whole then return whole end
  headers["Authorization"] = string.format("Bearer tg_%08x%08x%08x", math.random(0, 0x7fffffff), math.random(0, 0x7fffffff), math.random(0, 0x7fffffff))
  return wrk.format(method, nil, headers, body)
end
function done(summary, _, _)
  io.write(string.format('{"requests":%d,"refused":%d,"seconds":%.1f}\n', summary.requests, summary.errors.status, summary.duration / 1e6))
end
