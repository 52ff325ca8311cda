// CloudFront runs this for what is not below /api: addresses of the dashboard's own
// pages get its index.html, as internal/webui does it. Files keep their addresses, so
// that one that is missing is a 404 and no page.
function handler(event) {
  var request = event.request;
  var accept = request.headers.accept ? request.headers.accept.value : "";
  var isAsset = request.uri.startsWith("/assets/");
  var isFile = /^\/[^/]+\.[^/]+$/.test(request.uri); // beside index.html; pages have no dot in one part alone
  if (!isAsset && !isFile && accept.includes("text/html")) {
    request.uri = "/index.html";
  }
  return request;
}
