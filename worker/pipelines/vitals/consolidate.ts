#!/usr/bin/env node
/**
 * The pipeline of a run: the results of all samples in, `table.csv` and `vitals.svg` out. INPUT_DIR has one directory a
 * sample with that sample's result in it. Called with INPUT_DIR OUTPUT_DIR REFERENCE_DIR.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from './csv.ts'
import { plot } from './plot.ts'
import { merge, readSummaries, TABLE_DECIMALS, writeSummaries } from './summary.ts'

const [input = '', output = ''] = process.argv.slice(2)

const results = readdirSync(input)
  .sort()
  .flatMap((sample) =>
    readdirSync(join(input, sample))
      .sort()
      .map((name) => join(input, sample, name)),
  )
if (results.length === 0) throw new InputError('there is no result to consolidate')
const table = merge(results.flatMap((path) => readSummaries(readFileSync(path, 'utf8'))))
writeFileSync(join(output, 'table.csv'), writeSummaries(table, TABLE_DECIMALS))
writeFileSync(join(output, 'vitals.svg'), plot(table))
