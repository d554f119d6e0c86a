// A tenant's frontend, on an origin of its own. What it knows of Tollgate is its address
// (shop.html?gateway=), and what proves who sits before it.
const gateway = new URLSearchParams(location.search).get("gateway");

// What a page gets to see of an answer.
async function call(method, path, proof, body, headers = {}) {
  const response = await fetch(gateway + path, {
    method,
    headers: {Authorization: `Bearer ${proof}`, ...(body && {"Content-Type": "application/json"}), ...headers},
    body: body && JSON.stringify(body),
  });
  return {status: response.status, headers: Object.fromEntries(response.headers), body: await response.json()};
}

const wallet = (proof) => call("GET", "/api/wallet", proof);

// The same key for the same message, however often somebody presses the button.
const send = (proof, phone, message, key) =>
  call("POST", "/api/send-message", proof, {phone, message}, {"Idempotency-Key": key, Prefer: "wait=20"});

async function show(proof, sent) {
  const {balance} = (await wallet(proof)).body;
  document.getElementById("last").value = sent.body.status ?? sent.body.code;
  document.getElementById("balance").value = balance;
}

document.getElementById("send").addEventListener("submit", async (event) => {
  event.preventDefault();
  const {proof, phone, message} = Object.fromEntries(new FormData(event.target));
  await show(proof, await send(proof, phone, message, crypto.randomUUID()));
});
