import { Listr } from 'listr2'
import type { RunEvent } from '../events.ts'
import type { Redact } from '../secret.ts'
import { Board } from './board.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'

/** The terminal is drawn at most so often, in milliseconds: at 200 hosts events come faster than eyes. */
const drawMs = 100

interface Open {
  readonly board: Board
  show(lines: readonly string[]): void
  /** Resolves when the last picture stands. */
  close(): Promise<void>
}

/** A live list for a terminal, one item a play: failures and changes first, hosts folded. */
export function prettyReporter(redact: Redact, { diff }: Pick<ReporterOptions, 'diff'>): Reporter {
  let open: Open | undefined
  // Plays follow each other: an item closes before the next opens, so that the list only grows downwards.
  let turn: Promise<void> = Promise.resolve()
  const close = (): void => {
    const last = open
    open = undefined
    if (last !== undefined) turn = turn.then(() => last.close())
  }
  const timer = setInterval(() => open?.show(open.board.live()), drawMs)
  const report = (event: RunEvent): void => {
    if (event.type === 'playStarted') {
      close()
      const title = event.mode === 'check' ? `${event.play} (check mode: nothing is changed)` : event.play
      open = begin(new Board(title, event.hosts, diff), redact, turn)
    } else open?.board.see(event)
    if (event.type === 'playEnded' || event.type === 'summary') close()
  }
  return {
    report,
    end: async () => {
      clearInterval(timer)
      close()
      await turn
    },
  }
}

function begin(board: Board, redact: Redact, after: Promise<void>): Open {
  const over = Promise.withResolvers<void>()
  let item: { title?: string | undefined } | undefined
  const text = (lines: readonly string[]): string => redact(lines.join('\n  '))
  const list = after.then(() =>
    new Listr(
      [
        {
          title: text(board.live()),
          task: async (_, task) => {
            item = task
            await over.promise
            task.title = text(board.final())
            if (board.failed) throw new Error(task.title)
          },
        },
      ],
      { exitOnError: false, rendererOptions: { collapseErrors: false, showErrorMessage: false } },
    ).run(),
  )
  return {
    board,
    show: (lines) => {
      if (item !== undefined) item.title = text(lines)
    },
    close: async () => {
      over.resolve()
      await list
    },
  }
}
