/** One parameter of Systems Manager, read within a limit of time, and in plain words when it cannot be. */
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { printable } from '../../custody/names.ts'
import { EnvironmentError } from './environment.ts'

/** Its text, from the region and with the credentials that the AWS command line would take. Throws an EnvironmentError. */
export async function readParameter(name: string, limitMs = 10_000): Promise<string> {
  const client = new SSMClient({ maxAttempts: 3 })
  const limit = AbortSignal.timeout(limitMs)
  let region = 'no region'
  try {
    region = await client.config.region()
    // The signal ends the request; looking for credentials has to be raced.
    const sent = client.send(new GetParameterCommand({ Name: name }), { abortSignal: limit })
    const { Parameter: parameter } = await Promise.race([sent, over(limit)])
    if (parameter?.Value === undefined) throw new EnvironmentError(`the parameter ${name} has no value`, applyIt)
    return parameter.Value
  } catch (error) {
    throw error instanceof EnvironmentError ? error : inWords(error, name, region, limit.aborted ? limitMs : undefined)
  } finally {
    client.destroy()
  }
}

const over = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

const applyIt = 'apply terraform/environment, which writes it'
const signIn = 'sign in, for example with aws sso login, and see that aws sts get-caller-identity answers'

function inWords(cause: unknown, name: string, region: string, waitedMs: number | undefined): EnvironmentError {
  const { name: kind, message } = cause instanceof Error ? cause : { name: 'unknown', message: String(cause) }
  const failed = (says: string, mend: string) => new EnvironmentError(says, mend, { cause })
  if (waitedMs !== undefined) return failed(`SSM in ${region} did not answer within ${waitedMs / 1000} s`, reachIt)
  if (kind === 'ParameterNotFound')
    return failed(`there is no parameter ${name} in ${region}`, `${applyIt}; or the region is another one: set AWS_REGION`)
  if (kind === 'AccessDeniedException')
    return failed(`the parameter ${name} may not be read by who you are`, 'take a role that is allowed ssm:GetParameter on it')
  if (/^(CredentialsProviderError|TokenProviderError)$/.test(kind)) return failed('there are no AWS credentials', signIn)
  if (/^(Expired|UnrecognizedClient|InvalidSignature|InvalidClientTokenId|IncompleteSignature|MissingAuthentication)/.test(kind))
    return failed(`AWS does not take these credentials (${kind})`, signIn)
  if (/region is missing/i.test(message)) return failed('no AWS region is named', 'set AWS_REGION, for example to us-west-2')
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string')
    return failed(`SSM in ${region} cannot be reached (${printable(cause.code)})`, reachIt)
  return failed(`reading the parameter ${name} in ${region} failed: ${printable(kind)}: ${printable(message)}`, 'try again')
}

const reachIt = 'look at your network, its proxy, and AWS_ENDPOINT_URL if it is set'
