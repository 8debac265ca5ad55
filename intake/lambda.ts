/** The intake Lambda as a program: `npm run bundle:intake` makes one file of it, and Terraform uploads that. */
import { handlerOf, type Opened } from './handler.ts'

export const handler = handlerOf(open)

// There are no AWS adapters yet. An event that nobody can take has to fail: what is answered is done and forgotten.
async function open(): Promise<Opened> {
  throw new Error(
    'intake: this release has no AWS adapters, so the event was not taken. Its object lies where it was put; Lambda tries twice more, then the event lies in the dead-letter queue.',
  )
}
