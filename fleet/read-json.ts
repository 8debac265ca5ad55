import { type Bucket, isCloudError, type Objects } from '../cloud/ports.ts'

/** Reads a small JSON object of at most `limit` bytes. Undefined when it is not there, too large or not JSON: the caller's schema then refuses it. */
export async function readJson(objects: Objects, bucket: Bucket, key: string, limit = 8 * 1024 * 1024): Promise<unknown> {
  try {
    const { head, body } = await objects.get(bucket, key)
    if (head.size > limit) return undefined
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch (error) {
    if (isCloudError(error, 'NotFound') || error instanceof SyntaxError) return undefined
    throw error
  }
}
