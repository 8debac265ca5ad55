import { SampleFailure } from './failure.ts'

/** All of a body. Throws a SampleFailure `too-large` as soon as it is more than `limit` bytes. */
export async function readAll(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > limit) throw new SampleFailure('too-large', `expected at most ${limit} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
