import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Attestor, CloudError, type Proof } from '../ports.ts'
import { findInstance, type InstanceRow } from './instances.ts'
import { identityOf, isInstanceId } from './layout.ts'
import { isAlive } from './processes.ts'
import type { Gate } from './rights.ts'
import type { Database } from './sqlite.ts'

const KIND = 'local-machine'
const bindingPattern = /^[0-9a-f]{64}$/

const statement = (instance: string, binding: string): Buffer => Buffer.from(`${KIND}\n${instance}\n${binding}\n`)

/** In place of a cloud's identity documents: a key made on the machine at boot, whose public half stands in the instance's row. */
export class LocalAttestor implements Attestor {
  readonly #dir: string
  readonly #database: Database
  readonly #gate: Gate
  readonly #instance: string | undefined

  constructor(dir: string, database: Database, gate: Gate, instance: string | undefined) {
    this.#dir = dir
    this.#database = database
    this.#gate = gate
    this.#instance = instance
  }

  async prove(binding: string): Promise<Proof> {
    this.#gate.attestor('prove')
    const instance = this.#instance ?? ''
    if (!bindingPattern.test(binding))
      throw new CloudError('InvalidArgument', 'proving who asks: expected a binding of 64 lower-case hex digits')
    if (!this.#runs(findInstance(this.#database, instance)))
      throw new CloudError('AccessDenied', `proving to be ${instance}: it does not run, so nothing is proved for it`)
    try {
      const key = createPrivateKey(readFileSync(identityOf(this.#dir, instance)))
      return { kind: KIND, instance, evidence: sign(null, statement(instance, binding), key).toString('base64') }
    } catch (error) {
      throw new CloudError('Unavailable', `proving to be ${instance}: its identity key cannot be read; is this running on its machine?`, {
        cause: error,
      })
    }
  }

  async verify(proof: Proof, binding: string): Promise<{ readonly instance: string }> {
    this.#gate.attestor('verify')
    const refuse = (why: string): never => {
      throw new CloudError('InvalidIdentity', `verifying who asks: ${why}`)
    }
    if (proof.kind !== KIND) refuse(`expected a proof of kind ${KIND}, got another`)
    if (!isInstanceId(proof.instance) || !bindingPattern.test(binding)) refuse('the instance or the binding is malformed')
    const row = findInstance(this.#database, proof.instance)
    if (row?.identity === undefined) return refuse(`${proof.instance} never booted`)
    if (!this.#runs(row)) refuse(`${proof.instance} does not run any more`)
    const signature = Buffer.from(proof.evidence, 'base64')
    if (!verify(null, statement(proof.instance, binding), createPublicKey(row.identity), signature))
      refuse(`the proof is not one of ${proof.instance} for this request`)
    return { instance: proof.instance }
  }

  #runs(row: InstanceRow | undefined): boolean {
    return row?.machine !== undefined && row.instance.state === 'running' && isAlive(row.machine)
  }
}
