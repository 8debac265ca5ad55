import { group } from '../../modules/group.ts'
import { onOwnEtc } from './own-etc.ts'
import { testModule } from './test-module.ts'

testModule(group, {
  check: {
    'sees a group, and its number only where it is asked for': {
      given: { name: 'app' },
      machine: { 'getent group app': 'app:x:4000:\n' },
      sees: { state: 'present' },
    },
    'sees its number': {
      given: { name: 'app', gid: 1 },
      machine: { 'getent group app': 'app:x:4000:\n' },
      sees: { state: 'present', gid: 4000 },
    },
    'sees that there is none': { given: { name: 'app' }, machine: { 'getent group app': { code: 2 } }, sees: { state: 'absent' } },
  },
  apply: {
    'makes it with its number (beh:U15)': {
      given: { name: 'app', gid: 4000 },
      now: { state: 'absent' },
      wants: { state: 'present', gid: 4000 },
      runs: ['groupadd -g 4000 app'],
    },
    'makes it as the host likes': { given: { name: 'app' }, now: { state: 'absent' }, runs: ['groupadd  app'] },
    'makes a system group': { given: { name: 'app', system: true }, now: { state: 'absent' }, runs: ['groupadd -r app'] },
    'gives it another number, also one that is taken (beh:U15)': {
      given: { name: 'app', gid: 4001, nonUnique: true },
      now: { state: 'present', gid: 4000 },
      runs: ['groupmod -g 4001 -o app'],
    },
    'leaves its number alone when nobody asked': { given: { name: 'app' }, now: { state: 'present' }, runs: [] },
    'removes it': { given: { name: 'app', state: 'absent' }, now: { state: 'present' }, runs: ['groupdel  app'] },
    'removes it though it is the main group of a user (beh:U15)': {
      given: { name: 'app', state: 'absent', force: true },
      now: { state: 'present' },
      runs: ['groupdel -f app'],
    },
    'removes nothing where nothing is': { given: { name: 'app', state: 'absent' }, now: { state: 'absent' }, runs: [] },
  },
  refuses: {
    'a name that is an option': { given: { name: '-f' }, says: /expected a name without blanks/ },
    'a name with a colon': { given: { name: 'a:b' }, says: /expected a name without blanks, colons/ },
    'a shared number that is not said': { given: { name: 'app', nonUnique: true }, says: /nonUnique needs a gid/ },
  },
})

onOwnEtc(
  'group on a real host',
  {
    'a group is made': { task: () => group('g', { name: 'skepa', gid: 64_100 }) },
    'the number of another is refused (beh:U15)': {
      task: () => group('g', { name: 'skepb', gid: 64_100 }),
      fails: /GID '64100' already exists/,
    },
    'unless that is asked for': { task: () => group('g', { name: 'skepb', gid: 64_100, nonUnique: true }) },
    'it gets another number': { task: () => group('g', { name: 'skepb', gid: 64_101 }) },
    'a group as the host likes': { task: () => group('g', { name: 'skepc', system: true }) },
    'it is removed': { task: () => group('g', { name: 'skepa', state: 'absent' }) },
    'the main group of a user is not (beh:U15)': { task: () => group('g', { name: 'nogroup', state: 'absent' }), fails: /primary group/ },
  },
  ['groupadd', 'groupmod', 'groupdel', 'getent'],
)
