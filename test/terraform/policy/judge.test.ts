/**
 * A second judge, written by others, decides the same requests. It is a check while developing and no part of Skep: its licence is the
 * AGPL, and this file alone may name it.
 */
import { anonymousPrincipal, runSimulation } from '@cloud-copilot/iam-simulate'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contextOf, decide, type Request } from './decide.ts'
import { type Kind, parsePolicy } from './document.ts'
import { type About, type Case, cases } from './generated.ts'
import { keyOf } from './keys.ts'
import { Unclear } from './text.ts'

type Verdict = 'allowed' | 'denied by a statement' | 'not allowed'

const kinds: Readonly<Record<About, Kind>> = { bucket: 'resource', key: 'key', role: 'trust' }

function requestOf({ principal, action, resource, account, context, endpoint }: Case): Request {
  const through = endpoint && { id: 'vpce-1', vpc: 'vpc-1', policy: parsePolicy('endpoint', 'endpoint', endpoint) }
  return { principal, action, resource, account, context, through }
}

function ours(of: About, one: Case): Verdict | 'unclear' {
  try {
    const { allowed, by } = decide(requestOf(one), {
      identity: one.identity === undefined ? [] : [parsePolicy('identity', 'identity', one.identity)],
      resource: one.attached && parsePolicy('attached', kinds[of], one.attached),
    })
    return allowed ? 'allowed' : by.length > 0 ? 'denied by a statement' : 'not allowed'
  } catch (error) {
    if (error instanceof Unclear) return 'unclear'
    throw error
  }
}

async function theirs(one: Case): Promise<Verdict> {
  const { principal, action, resource, account } = one
  const answer = await runSimulation(
    {
      request: {
        principal: principal.kind === 'service' ? principal.name : principal.kind === 'anonymous' ? anonymousPrincipal : principal.arn,
        action,
        resource: { resource, accountId: account },
        contextVariables: Object.fromEntries(
          contextOf(requestOf(one)).said.map(([name, values]) => [name, keyOf(name).many ? [...values] : (values[0] ?? '')]),
        ),
      },
      // The judge does not know that an account's root user may do everything that no other policy denies.
      identityPolicies: [principal.kind === 'root' ? everything : one.identity].flatMap((policy) =>
        policy ? [{ name: 'identity', policy }] : [],
      ),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: one.attached,
      ...(one.endpoint === undefined ? {} : { vpcEndpointPolicies: [{ name: 'endpoint', policy: one.endpoint }] }),
    },
    {},
  )
  if (answer.resultType === 'error') throw new Error(`the judge does not take ${JSON.stringify(one)}: ${JSON.stringify(answer.errors)}`)
  return answer.overallResult === 'Allowed'
    ? 'allowed'
    : answer.overallResult === 'ExplicitlyDenied'
      ? 'denied by a statement'
      : 'not allowed'
}

const everything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }

/**
 * Where the judges differ and we side with ours. NotIpAddress with IPv4 networks, asked from an IPv6 address: the other says it does not
 * hold. AWS: it holds for every address but those named.
 */
const expectedDifference = (one: Case): boolean =>
  String(one.context['aws:SourceIp']).includes(':') && JSON.stringify([one.identity, one.attached, one.endpoint]).includes('NotIpAddress')

const seed = 4

describe('generated policies', () => {
  test.each<About>(['bucket', 'key', 'role'])('about a %s: both judges agree', async (of) => {
    const seen: Record<Verdict | 'unclear' | 'different as expected', number> = {
      allowed: 0,
      'denied by a statement': 0,
      'not allowed': 0,
      unclear: 0,
      'different as expected': 0,
    }
    for (const one of fc.sample(cases(of), { numRuns: 2000, seed })) {
      const mine = ours(of, one)
      const other = await theirs(one)
      if (mine !== 'unclear' && mine !== other && !expectedDifference(one))
        expect.fail(`ours: ${mine}; the other: ${other}\n${JSON.stringify(one, undefined, 2)}`)
      seen[mine === 'unclear' || mine === other ? mine : 'different as expected'] += 1
    }
    // Enough of each, or the agreement means little.
    expect(seen.allowed).toBeGreaterThan(200)
    expect(seen['denied by a statement']).toBeGreaterThan(50)
    expect(seen['not allowed']).toBeGreaterThan(200)
    expect(seen.unclear).toBeLessThan(20)
    expect(seen['different as expected']).toBeLessThan(20)
  })
})
