/** The table as a page for people: docs/who-may-do-what.md. */
import type { Row } from './table/ask.ts'
import { admins, everybody, people, strangers, thieves, type Who } from './table/people.ts'
import { services } from './table/services.ts'
import { type Chapter, chapters } from './table.ts'

const head = `# Who may do what

Every role, bucket, key, queue, topic, table and endpoint of the environment on AWS: first what each may, then line by line
who may what and which statements keep the others out. For every line the policies of an apply are judged by an evaluator of
ours, for everybody whom it is about; a second judge, written by others, agrees on 2,000 requests made from these lines.
Nothing here was tried on an account.

This page is made from \`test/terraform/policy/table/\` by \`node scripts/who-may-do-what.ts\`. Numbers such as S5 are
[controls](controls.md).
`

const who: Readonly<Partial<Record<Who, string>>> = {
  worker: 'A host that works on one sample.',
  'key host': 'The host that keeps HomerKey.',
  bastion: 'The host that orchestrates, and the only one with a public address.',
  sweeper: 'The role that ends workers and deletes. The bastion takes it on, and uses it from where it stands.',
  intake: 'The function that is told of uploads. It is outside our network.',
  reaper: 'A function to come, that ends what outlived its time.',
  uploader: 'The data owner, sending, from anywhere.',
  recipient: 'The data owner, fetching, from anywhere.',
  workstation: "A researcher's host.",
  'image builder': 'A host that an image is made of.',
  'patch service': 'What patches hosts in their maintenance window.',
  'break-glass': 'For emergencies: who is named for it, with a second factor. Each use raises an alarm.',
  auditor: 'Who reads records.',
  'flow log': "The network's record writes its log with it.",
  'trail log': 'The trail writes its log with it.',
}
const told = Object.keys(who) as readonly Who[]

/** The whole page. */
export const page = (): string =>
  [
    head,
    ...each(),
    powers(),
    '## Line by line\n',
    legend,
    ...chapters.filter(({ aside }) => aside !== true).map(chapterOf),
    ofServices(),
    end,
  ].join('\n')

function each(): readonly string[] {
  const parts = told.map((one) => `### ${capital(one)}\n\n${who[one]}\n\n${acts(({ may }) => may.includes(one))}`)
  return ['## What each may', ...parts].map((part) => `${part}\n`)
}

/** Rows by chapter, a line each; what differs only in brackets is said once. */
function acts(which: (row: Row) => boolean): string {
  return chapters
    .filter(({ aside }) => aside !== true)
    .flatMap(({ title, rows }) => {
      const does = [
        ...new Set(rows.filter(which).map((row) => row.does.replace(/ \([^)]*\)/, '').replace(', from within our network', ''))),
      ]
      return does.length === 0 ? [] : [`- **${title}**: ${does.join('; ')}.`]
    })
    .join('\n')
}

function powers(): string {
  const kept = ({ may, among }: Row): boolean => among === undefined && !admins.some((one) => may.includes(one))
  return `## What administrators may not

An administrator, or the account's root user, has every right that an identity can have. What the resources' own policies
still keep from them is this. They can change those policies, and then do it: that is seen, not prevented.

${acts(kept)}
`
}

const legend = `A line is about everybody unless it says about whom: the roles above, administrators, the account's root user, strangers
(another account's credentials, from outside and on one of our hosts; and none at all), and thieves (credentials of a worker,
the key host, the bastion or the sweeper, from the internet; a worker's also in a VPC of the thief's and on our bastion).
"Kept out by" names the statements that deny it to somebody, by policy. They hold whatever else is granted: each line is also
judged with everything granted to everybody, and then without them, which lets it through. Whoever is kept out by no
statement has no grant. Thieves are kept out of everything by two more, DenyOutsideOurNetwork and DenyOnOtherHost.
\`residual\` marks what is told rather than prevented.
`

function chapterOf({ title, rows, foundationOnly }: Chapter): string {
  const intro = foundationOnly ? 'The foundation alone: roles that went with the environment can no longer be taken.\n\n' : ''
  const notes = [...new Set(rows.flatMap(({ note }) => note ?? []))]
  const cells = rows.map((row) => {
    const note = row.note === undefined ? '' : ` [${notes.indexOf(row.note) + 1}]`
    return [row.does + note, allowed(row), refusing(row), row.ctl.replaceAll('ctl:', '')]
  })
  const ends = notes.map((note, at) => `\n[${at + 1}] ${note}\n`).join('')
  return `### ${title}\n\n${intro}${table(['to', 'may', 'kept out by', ''], cells)}${ends}`
}

function allowed({ may, among }: Row): string {
  if (among === undefined) return may.length === 0 ? 'nobody' : may.join(', ')
  const not = among.filter((one) => !may.includes(one))
  if (may.length === 0) return `none of ${grouped(among)}`
  return not.length === 0 ? `${may.join(', ')}; nobody else is asked about` : `${may.join(', ')}; not ${grouped(not)}`
}

function refusing({ denies = {}, among = everybody }: Row): string {
  const felt = Object.entries(denies).filter(([, denied]) => denied.some((one) => among.includes(one)))
  const refs = felt.map(([ref]) => ref.split('#') as [string, string])
  return [...Map.groupBy(refs, ([policy]) => policy)]
    .map(([policy, all]) => `${policy}: ${all.map(([, sid]) => sid).join(', ')}`)
    .join('; ')
}

const end = `### And one condition at a time

Two chapters stand in the sources alone: what services ask of the keys in somebody's name, each with another service and
about another thing (\`key-uses.ts\`), and what stolen credentials are good for (\`network.ts\`).
`

/** Groups have a word where all of them are meant. */
function grouped(some: readonly Who[]): string {
  const words = [
    ['thieves', thieves],
    ['strangers', strangers],
  ] as const
  const whole = words.filter(([, group]) => group.every((one) => some.includes(one)))
  const rest = some.filter((one) => !whole.some(([, group]) => group.includes(one)))
  return [...rest, ...whole.map(([word]) => word)].join(', ')
}

function ofServices(): string {
  const cells = services.map(({ service, does, may, ctl }) => [
    `\`${service}\``,
    may ? does : '',
    may ? '' : does,
    ctl.replaceAll('ctl:', ''),
  ])
  return `### Services of AWS, as themselves\n\n${table(['', 'may', 'may not', ''], cells)}`
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)
const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  [titles, titles.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')

/** Roles that the page forgets to speak of. */
export const untold = everybody.filter(
  (one) => !told.includes(one) && ![...thieves, ...strangers, ...admins].includes(one) && one in people,
)
