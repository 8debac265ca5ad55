#!/usr/bin/env node
/** The command line. Each command is a file; it is loaded only when it is asked for, so that `--help` stays quick. */
import { requireNode } from './node-version.ts'

requireNode(process.versions.node, process.platform)
const { main } = await import('./program.ts')
process.exitCode = await main(process.argv.slice(2))
