-- wrk script: exactly TOTAL sends from ORGS orgs (one thread), each to a phone of its own, with PRIORITY.
local orgs, total = tonumber(os.getenv("ORGS")), tonumber(os.getenv("TOTAL"))
local priority = os.getenv("PRIORITY") or "high"
local asked, accepted, refused = 0, 0, 0

function request()
  asked = asked + 1
  local org = asked % orgs + 1
  local body = string.format('{"org_id":"00000000-0000-4000-8000-%012d","phone":"9198%08d","message":"Number %d",' ..
    '"priority":"%s"}', org, asked, asked, priority)
  return wrk.format("POST", "/api/send-message",
    {["Content-Type"] = "application/json", ["Authorization"] = "Bearer load-key-" .. org}, body)
end

function response(status)
  if status == 202 then accepted = accepted + 1 else refused = refused + 1 end
  if accepted + refused >= total then wrk.thread:stop() end
end
