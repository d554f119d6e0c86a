// A stranger's page: every way in which a page has its visitor's browser call somebody else. Each
// tells what the page has learned of the answer.

// Whom (stranger.html?gateway=); in a page that was the gateway's own, itself.
const gateway = new URLSearchParams(location.search).get("gateway") ?? "";

// As a program would.
async function fetched(path, options = {}) {
  try {
    const response = await fetch(gateway + path, options);
    return response.type === "opaque" ? `opaque${await response.text()}` : `${response.status} ${await response.text()}`;
  } catch (error) {
    return error.name;
  }
}

// For this a browser asks nobody's leave, and shows the page nothing either.
const blind = (path, options = {}) => fetched(path, {mode: "no-cors", ...options});

const post = (body, type, headers = {}) => ({method: "POST", body, headers: {...headers, ...(type && {"Content-Type": type})}});

const bearer = (proof) => ({Authorization: `Bearer ${proof}`});

// Whoever sits before the browser may have a cookie for the gateway.
const included = (options = {}) => ({...options, credentials: "include"});

// Something that loads, put into the page.
function put(tag, attributes, then = () => {}) {
  return new Promise((resolve) => {
    const element = Object.assign(document.createElement(tag), attributes);
    document.documentElement.append(element);
    element.addEventListener("load", () => resolve(element));
    element.addEventListener("error", () => resolve(element));
    then(element);
  });
}

// (A frame of another origin has no document for us.)
const text_in = (frame) => frame.contentDocument?.body.innerText ?? "unreadable";

async function form(path, enctype = "application/x-www-form-urlencoded", name = "", value = "") {
  const target = `frame${Math.random()}`;
  return text_in(await put("iframe", {name: target}, (frame) => {
    const sent = Object.assign(document.createElement("form"), {action: gateway + path, method: "post", enctype, target});
    sent.append(Object.assign(document.createElement("input"), {name, value}));
    document.documentElement.append(sent);
    sent.submit();
  }));
}

// The one field of a form is "name=value": here {..., "message":"=..."}, which is JSON.
const json_form = (path, object) =>
  form(path, "text/plain", JSON.stringify({...object, message: ""}).slice(0, -2), `${object.message}"}`);

// (What comes of it no page is told.)
const beacon = (path, body, type) => `${navigator.sendBeacon(gateway + path, new Blob([body], {type}))}`;

const framed = async (path) => text_in(await put("iframe", {src: gateway + path}));

// (A sheet of another origin shows nothing of itself.)
function rules_of(sheet) {
  try {
    return sheet?.cssRules.length ?? 0;
  } catch {
    return 0;
  }
}

// What elements that load it leave behind for the page to see: pixels, variables, rules.
async function embedded(path) {
  const before = Object.keys(window).length;
  const image = await put("img", {src: gateway + path});
  await put("script", {src: gateway + path});
  const sheet = await put("link", {rel: "stylesheet", href: gateway + path});
  await put("link", {rel: "prefetch", href: gateway + path});
  return `${image.naturalWidth} ${Object.keys(window).length - before} ${rules_of(sheet.sheet)}`;
}
