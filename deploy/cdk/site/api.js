// CloudFront runs this for what is below /api: the gateway has the API at its root.
// The rest of the address stays as it came, %2F included.
function handler(event) {
  var request = event.request;
  request.uri = request.uri.replace(/^\/api(?=\/|$)/, "") || "/";
  return request;
}
