/** Chromium without a window, for what only a browser knows: how large a text gets. */
import { execFile } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const places = [
  ...(process.env['PATH'] ?? '').split(':').flatMap((folder) => names.map((name) => join(folder, name))),
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const found = places.find((path) => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
})

/** Why there is none; with CI=true there has to be one. */
export const chromiumMissing = found !== undefined || process.env['CI'] === 'true' ? undefined : 'no Chromium on this machine'

/** A page as it is once its script has run. */
export async function pageAfterScript(html: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'skep-chromium-'))
  try {
    writeFileSync(join(folder, 'page.html'), html)
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      // /dev/shm is looked at by the demo's test, which may run at the same time.
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--user-data-dir=${join(folder, 'profile')}`,
      '--window-size=1200,900',
      '--dump-dom',
      `file://${join(folder, 'page.html')}`,
    ]
    const { stdout } = await promisify(execFile)(found ?? 'chromium', flags, {
      timeout: 60_000,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
    })
    return stdout
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
