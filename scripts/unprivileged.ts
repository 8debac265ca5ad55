/**
 * The story on a bare machine: `npm ci && npm start` as the user nobody, in a directory of its own, with only node, npm, sh and
 * coreutils on the machine. Needs root, runuser and unshare, and git here: `node scripts/unprivileged.ts [--tests]`, where
 * `--tests` runs `npm test` there too. Afterwards no process of it may be left, and no file outside of its directory.
 */
import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { $, chalk, which } from 'zx'

/** GNU coreutils as Debian has them, without those that need root. */
const coreutils = `[ b2sum base32 base64 basename basenc cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dircolors dirname du
  echo env expand expr factor false fmt fold groups head hostid id install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice
  nl nohup nproc numfmt od paste pathchk pinky pr printenv printf ptx pwd readlink realpath rm rmdir runcon sha1sum sha224sum sha256sum
  sha384sum sha512sum shred shuf sleep sort split stat stdbuf stty sum sync tac tail tee test timeout touch tr true truncate tsort tty uname
  unexpand uniq unlink users vdir wc who whoami yes`.split(/\s+/)

if (process.getuid?.() !== 0) throw new Error('scripts/unprivileged.ts: expected to be run by root, who can become another user')
const project = resolve(import.meta.dirname, '..')
const quiet = $({ quiet: true })
const [uid, gid] = [Number((await quiet`id -u nobody`).stdout), Number((await quiet`id -g nobody`).stdout)]
const root = realpathSync(mkdtempSync(join(tmpdir(), 'skep-bare-')))
const [bin, clone, home, tmp] = ['bin', 'clone', 'home', 'tmp'].map((name) => join(root, name)) as [string, string, string, string]

try {
  chmodSync(root, 0o755)
  for (const folder of [bin, clone, home, tmp]) mkdirSync(folder)
  await makeBin()
  for (const file of (await quiet`git -C ${project} ls-files --cached --others --exclude-standard -z`).stdout.split('\0')) {
    if (file === '' || lstatSync(join(project, file), { throwIfNoEntry: false }) === undefined) continue
    mkdirSync(dirname(join(clone, file)), { recursive: true })
    cpSync(join(project, file), join(clone, file))
  }
  await quiet`chown -R ${uid}:${gid} ${clone} ${home} ${tmp}`
  chownSync(root, uid, gid)
  const began = join(bin, 'sh')

  await bare('npm ci')
  await bare('npm start')
  if (process.argv.includes('--tests')) await bare('npm test')

  const left = readdirSync('/proc').filter((pid) => /^[0-9]+$/.test(pid) && isOfOurs(pid))
  if (left.length > 0) throw new Error(`expected no process to be left, found ${left.join(', ')}`)
  const places = ['/proc', '/sys', root].flatMap((path) => ['-path', path, '-prune', '-o'])
  const { stdout: strays } = await quiet({ nothrow: true })`find / ${places} -user nobody -cnewer ${began} -print`
  if (strays !== '') throw new Error(`expected no file outside of ${root} to be made, found:\n${strays}`)
  process.stdout.write(chalk.green('\nOn a bare machine nobody can do it all, and leaves nothing.\n'))
} finally {
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
}

/** Node itself is copied: where it lies may be shut to others. */
async function makeBin(): Promise<void> {
  cpSync(realpathSync(process.execPath), join(bin, 'node'))
  symlinkSync(realpathSync(await which('npm')), join(bin, 'npm'))
  for (const name of ['sh', ...coreutils]) {
    const found = await which(name, { nothrow: true })
    if (found !== null) cpSync(realpathSync(found), join(bin, name))
  }
}

/** A command as nobody, who finds nothing but `bin` wherever programs usually lie. */
async function bare(command: string): Promise<void> {
  process.stdout.write(chalk.bold(`\n${command}, by nobody\n`))
  const began = performance.now()
  const registry = (await quiet`npm config get registry`).stdout.trim()
  const kept = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'NODE_EXTRA_CA_CERTS'].flatMap((name) =>
    process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`],
  )
  const env = [`PATH=/usr/bin`, `HOME=${home}`, `TMPDIR=${tmp}`, `npm_config_registry=${registry}`, ...kept]
  // runuser is started before its own folder is covered.
  const cover = `cp "$(command -v runuser)" ${root}/runuser
    for place in /usr/local/bin /usr/local/sbin /usr/sbin /usr/bin; do mount --bind ${bin} $place; done
    cd ${clone} && exec ${root}/runuser -u nobody -- /usr/bin/env -i "$@"`
  await $({ stdio: 'inherit' })`unshare --mount sh -euc ${cover} sh ${env} sh -c ${command}`
  process.stdout.write(`${command} took ${Math.round((performance.now() - began) / 100) / 10} s\n`)
}

/** Whether its command line or environment names our place. */
function isOfOurs(pid: string): boolean {
  if (Number(pid) === process.pid) return false
  try {
    return ['cmdline', 'environ'].some((name) => readFileSync(join('/proc', pid, name), 'utf8').includes(root))
  } catch {
    return false // it has ended
  }
}
