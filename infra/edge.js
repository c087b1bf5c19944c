// CloudFront runs this on every request to the public door. infra/local/front.py does the same on a laptop, and
// tests/infra/edge_cases.json holds what both must do.
//
// API Gateway decides by the content type whether a body is text, and text it reads as UTF-8, compressed or not. So a
// compressed body is labelled as what it is, and how the client labelled it stands in a header of its own. The host and
// the address that the client has are CloudFront's own behind it; what a client says in their headers is not believed.
function handler(event) {
  var request = event.request;
  var headers = request.headers;
  var encoding = headers['content-encoding'] ? headers['content-encoding'].value.trim().toLowerCase() : '';

  delete headers['x-original-content-type'];
  headers['x-forwarded-host'] = { value: headers.host.value };
  headers['x-viewer-address'] = { value: event.viewer.ip };
  if (encoding !== '' && encoding !== 'identity') {
    if (headers['content-type']) {
      headers['x-original-content-type'] = { value: headers['content-type'].value };
    }
    headers['content-type'] = { value: 'application/octet-stream' };
  }
  return request;
}
