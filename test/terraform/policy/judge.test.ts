/**
 * A second judge, written by others, decides the same requests. It is a check while developing and no part of Skep: its licence is the
 * AGPL, and this file alone may name it.
 */
import { anonymousPrincipal, isWildcardOnlyAction, runSimulation, typeForContextKey } from '@cloud-copilot/iam-simulate'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contextOf, decide, type Endpoint, type Request } from './decide.ts'
import { type Kind, type Policy, parsePolicy } from './document.ts'
import { type About, type Case, cases, requests } from './generated.ts'
import { keyNames, keyOf } from './keys.ts'
import { missing, worlds } from './table/worlds.ts'
import { Unclear } from './text.ts'
import { applying } from './world.ts'

type Verdict = 'allowed' | 'denied by a statement' | 'not allowed'
type Json = Readonly<Record<string, unknown>>

/** A request and the documents about it. */
interface Question {
  readonly request: Request
  readonly identity: readonly unknown[]
  readonly attached: unknown
  readonly endpoint: unknown
}

const everything: Json = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }

/** What the judge says, and which keys it left out since AWS does not list them for such a request. */
async function theirs({
  request,
  identity,
  attached,
  endpoint,
}: Question): Promise<{ readonly verdict: Verdict; readonly ignored: readonly string[] }> {
  const { principal, action, resource, account } = request
  const answer = await runSimulation(
    {
      request: {
        principal: principal.kind === 'service' ? principal.name : principal.kind === 'anonymous' ? anonymousPrincipal : principal.arn,
        action,
        resource: { resource, accountId: account },
        contextVariables: Object.fromEntries(
          contextOf(request).said.map(([name, values]) => [name, isMany(name) ? [...values] : (values[0] ?? '')]),
        ),
      },
      // The judge does not know that an account's root user may do everything that no other policy denies.
      identityPolicies: (principal.kind === 'root' ? [everything] : identity).map((policy, at) => ({ name: `identity ${at}`, policy })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: attached,
      ...(endpoint === undefined ? {} : { vpcEndpointPolicies: [{ name: 'endpoint', policy: endpoint }] }),
    },
    {},
  )
  if (answer.resultType !== 'single') throw new Error(`the judge does not take ${action} on ${resource}: ${JSON.stringify(answer)}`)
  const verdict =
    answer.overallResult === 'Allowed' ? 'allowed' : answer.overallResult === 'ExplicitlyDenied' ? 'denied by a statement' : 'not allowed'
  return { verdict, ignored: answer.result.ignoredContextKeys ?? [] }
}

const isMany = (name: string): boolean => keyOf(name).many

function ours(decision: () => ReturnType<typeof decide>): Verdict | 'unclear' {
  try {
    const { allowed, by } = decision()
    return allowed ? 'allowed' : by.length > 0 ? 'denied by a statement' : 'not allowed'
  } catch (error) {
    if (error instanceof Unclear) return 'unclear'
    throw error
  }
}

type Tally = Record<Verdict | 'unclear' | 'different as expected', number>
const tally = (): Tally => ({ allowed: 0, 'denied by a statement': 0, 'not allowed': 0, unclear: 0, 'different as expected': 0 })
const seed = 4

// ------------------------------------------------------------------------------------------------- generated policies

const kinds: Readonly<Record<About, Kind>> = { bucket: 'resource', key: 'key', role: 'trust' }

/**
 * Where the judges differ and we side with ours. NotIpAddress with IPv4 networks, asked from an IPv6 address: the other says it does not
 * hold. AWS: it holds for every address but those named.
 */
const expectedDifference = (one: Case): boolean =>
  String(one.context['aws:SourceIp']).includes(':') && JSON.stringify([one.identity, one.attached, one.endpoint]).includes('NotIpAddress')

describe('generated policies', () => {
  test.each<About>(['bucket', 'key', 'role'])('about a %s: both judges agree', async (of) => {
    const seen = tally()
    for (const one of fc.sample(cases(of), { numRuns: 1000, seed })) {
      const { endpoint, identity, attached, ...asked } = one
      const through: Endpoint | undefined = endpoint && {
        id: 'vpce-1',
        vpc: 'vpc-1',
        policy: parsePolicy('endpoint', 'endpoint', endpoint),
      }
      const request = { ...asked, through }
      const documents = identity === undefined ? [] : [identity]
      const mine = ours(() =>
        decide(request, {
          identity: documents.map((document) => parsePolicy('identity', 'identity', document)),
          resource: attached && parsePolicy('attached', kinds[of], attached),
        }),
      )
      const other = (await theirs({ request, identity: documents, attached, endpoint })).verdict
      if (mine !== 'unclear' && mine !== other && !expectedDifference(one))
        expect.fail(`ours: ${mine}; the other: ${other}\n${JSON.stringify(one, undefined, 2)}`)
      seen[mine === 'unclear' || mine === other ? mine : 'different as expected'] += 1
    }
    // Enough of each, or the agreement means little.
    expect(seen.allowed).toBeGreaterThan(100)
    expect(seen['denied by a statement']).toBeGreaterThan(25)
    expect(seen['not allowed']).toBeGreaterThan(200)
    expect(seen.unclear).toBeLessThan(20)
    expect(seen['different as expected']).toBeLessThan(20)
  })
})

// ----------------------------------------------------------------------------------------- the policies of both roots

const { whole } = await worlds()

/**
 * What the judge has no words for, said in words that it has, in policies and requests alike: keys of the encryption context, and an ARN
 * of a document of Amazon's own, which names no account.
 */
const reworded = (text: string): string =>
  text
    .replaceAll('kms:EncryptionContext:', 'aws:PrincipalTag/EncryptionContext:')
    .replaceAll(/(arn:aws:ssm:[a-z0-9-]+):(:document\/)/g, '$1:123456789012$2')

const documents = new Map<Policy, unknown>()
function documentOf(policy: Policy): unknown {
  if (!documents.has(policy)) {
    const text = typeof policy.document === 'string' ? policy.document : JSON.stringify(policy.document)
    documents.set(policy, JSON.parse(reworded(text)))
  }
  return documents.get(policy)
}

/** A thing that is yet to be made has no id: the judge would take the star for any. */
const questionOf = (request: Request): Request => ({
  ...request,
  resource: reworded(request.resource).replace(/\/\*$/, '/made'),
  context: JSON.parse(reworded(JSON.stringify(request.context))),
})

describe.skipIf(missing !== undefined)(missing ?? 'the policies of both roots', () => {
  test('both judges agree on 2,000 requests', async () => {
    const seen = tally()
    const ignored = new Set<string>()
    for (const request of fc.sample(requests(whole), { numRuns: 2000, seed })) {
      const { identity, resource } = applying(whole, request)
      const mine = ours(() => decide(request, { identity, resource }))
      const other = await theirs({
        request: questionOf(request),
        identity: identity.map(documentOf),
        attached: resource && documentOf(resource),
        endpoint: request.through && documentOf(request.through.policy),
      })
      for (const key of other.ignored) ignored.add(`${request.action} ${key}`)
      if (mine !== other.verdict) {
        const { through, ...asked } = request
        expect.fail(`ours: ${mine}; the other: ${other.verdict}\n${through?.id}\n${JSON.stringify(asked, undefined, 2)}`)
      }
      seen[other.verdict] += 1
    }
    // AWS lists every key for the requests that are said to carry it here.
    expect([...ignored]).toEqual([])
    expect(seen.allowed).toBeGreaterThan(100)
    expect(seen['denied by a statement']).toBeGreaterThan(500)
    expect(seen['not allowed']).toBeGreaterThan(500)
    expect(seen.unclear).toBe(0)
  })

  /** AWS would have these narrowed. Its own policy for hosts gives the first two on everything; the last takes the id of a query. */
  const wider = ['ssm:ListInstanceAssociations', 'ssm:PutComplianceItems', 'logs:GetQueryResults']

  test('ctl:I1 every action there is exists, and is allowed on everything only where AWS lets nobody narrow it', async () => {
    const policies = [...new Set([...whole.identities.values()].flatMap(({ policies }) => policies))].filter(
      ({ name }) => name !== 'may everything',
    )
    const wrong: string[] = []
    for (const policy of policies) {
      const { Statement } = documentOf(policy) as {
        readonly Statement: readonly { readonly [element: string]: string | readonly string[] }[]
      }
      for (const { Effect, Action = [], Resource, Sid } of Statement) {
        for (const action of [Action].flat().filter((one) => !one.includes('*'))) {
          const [service = '', name = ''] = action.split(':')
          const only = await isWildcardOnlyAction(service, name)
          const onAll = [Resource].flat().includes('*')
          if (Effect === 'Allow' && only !== onAll && !wider.includes(action)) wrong.push(`${policy.name}#${Sid}: ${action}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })
})

test('both judges have the same types of condition keys', async () => {
  const words: Readonly<Record<string, string>> = {
    String: 'string',
    ARN: 'arn',
    Bool: 'bool',
    Numeric: 'numeric',
    Date: 'date',
    IPAddress: 'ip',
    ArrayOfString: 'string',
  }
  const others: string[] = []
  for (const name of keyNames) {
    const type = await typeForContextKey(name)
    const { type: mine, many } = keyOf(name)
    if (words[type] !== mine || many !== type.startsWith('ArrayOf'))
      others.push(`${name}: ${mine}${many ? ', several' : ''}; the other: ${type}`)
  }
  expect(others).toEqual([])
})
