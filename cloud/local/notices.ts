import { join } from 'node:path'
import { printable } from '../../custody/names.ts'
import { CloudError, type Notices } from '../ports.ts'
import { writeWhole } from './durable.ts'
import { layout } from './layout.ts'
import { fileName } from './paths.ts'
import type { Gate } from './rights.ts'

/** Mail that is not sent: one text file a notice, under its id. */
export class LocalNotices implements Notices {
  readonly #folder: string
  readonly #gate: Gate

  constructor(dir: string, gate: Gate) {
    this.#folder = layout(dir).notices
    this.#gate = gate
  }

  async publish(notice: { readonly id: string; readonly subject: string; readonly text: string }): Promise<void> {
    this.#gate.notices()
    const name = fileName(`${notice.id.toWellFormed()}.txt`)
    if (notice.id === '' || name.length > 200)
      throw new CloudError('InvalidArgument', `publishing a notice: expected an id of 1 to 200 characters, got ${notice.id.length}`)
    try {
      writeWhole(join(this.#folder, name), `Id: ${notice.id}\nSubject: ${notice.subject}\n\n${notice.text}\n`)
    } catch (error) {
      throw new CloudError('Unavailable', `publishing notice ${printable(notice.id)}: the disk did not take it; try again`, {
        cause: error,
      })
    }
  }
}
