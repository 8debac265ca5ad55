/** The command line as a program. */
import { main } from './program.ts'

// Whoever read our output may go away; what is under way is finished all the same, and workers are swept.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

process.exitCode = await main(process.argv.slice(2))
