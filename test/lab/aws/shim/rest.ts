/** Operations that only method and path tell, of the services that the shim touches. First fit counts. */
const routes: Readonly<Record<string, readonly (readonly [method: string, path: RegExp, operation: string])[]>> = {
  'access-analyzer': [
    ['PUT', /^\/analyzer$/, 'CreateAnalyzer'],
    ['GET', /^\/analyzer\/[^/]+$/, 'GetAnalyzer'],
  ],
  lambda: [
    ['POST', /^\/2015-03-31\/functions$/, 'CreateFunction'],
    ['GET', /^\/2015-03-31\/functions\/[^/]+$/, 'GetFunction'],
  ],
}

/** The name of a REST call: that of the table where it has one, else method and path with ids left out. */
export function restOperation(service: string, method: string, path: string): string {
  const [plain = '', query = ''] = path.split('?')
  if (service === 's3') return s3Operation(method, plain, query)
  const route = routes[service]?.find(([verb, pattern]) => verb === method && pattern.test(plain))
  return route?.[2] ?? `${method} ${plain}`
}

/** S3 names by sub-resource, the parameter without a value: `PUT /bucket?policy` is PutBucketPolicy. */
function s3Operation(method: string, path: string, query: string): string {
  const [, , key = ''] = /^\/([^/]*)\/?(.*)$/.exec(path) ?? []
  const [part = ''] = [...new URLSearchParams(query)].find(([, value]) => value === '') ?? []
  return [method.toLowerCase(), key === '' ? 'bucket' : 'object', part]
    .map((word) => word.replace(/^./, (letter) => letter.toUpperCase()))
    .join('')
}
