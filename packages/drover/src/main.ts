import pkg from '../package.json' with { type: 'json' }
import { directOutput } from './cli/direct-output.ts'

const argv = process.argv.slice(2)
const lastMs = 2_000

if (isOld(process.versions.node)) process.exitCode = await refuseOldNode()
else if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V'))
  listen().stdout().write(`drover ${pkg.version}\n`)
else process.exitCode = await start()

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < 22 || (major === 22 && minor < 18)
}

async function refuseOldNode(): Promise<number> {
  const { DroverError } = await import('./domain/error.ts')
  const error = new DroverError('old-node', { found: process.versions.node, needed: '22.18' })
  listen().stderr().write(`error[${error.code}]: ${error.message}\n  hint: ${error.hint}\n`)
  return error.exit
}

async function start(): Promise<number> {
  cacheCode()
  const [{ dispatch }, { terminalFacts }] = await Promise.all([
    import('./cli/dispatch.ts'),
    import('./app/load-config.ts'),
  ])
  const { stdout, stderr, signals, isHeard } = listen()
  const code = await dispatch(argv, {
    get stdin() {
      return process.stdin // taking it costs 2 ms
    },
    stdout: stdout(),
    stderr: stderr(),
    cwd: process.cwd(),
    facts: terminalFacts(),
    signals,
  })
  // Whoever waited for a signal has ended in its own way: a library that still asks a database that is away keeps nobody here.
  if (isHeard()) setTimeout(() => process.exit(), lastMs).unref()
  return code
}

/** Node keeps what it compiled, beside the bundle: 5 ms less from the second start on. Where it may not write, it does not. */
function cacheCode(): void {
  if (import.meta.filename.endsWith('.js'))
    process.getBuiltinModule('node:module').enableCompileCache(`${import.meta.dirname}/../.cache`)
}

/** Signals for commands that end in their own way; a reader that has gone away ends any command quietly. */
function listen() {
  let heard: { stop: AbortController; kill: AbortController } | undefined
  const cannotWrite = (error: NodeJS.ErrnoException): void => {
    // The reader has left, or the terminal was closed.
    if (error.code === 'EPIPE' || error.code === 'EIO') return heard ? heard.stop.abort(0) : process.exit(0)
    if (!heard) throw error // who drives goes on without its words: a full disk passes
  }
  return {
    isHeard: () => heard !== undefined,
    stdout: () => directOutput(1, () => process.stdout.on('error', cannotWrite), cannotWrite),
    stderr: () => directOutput(2, () => process.stderr.on('error', nothing), nothing),
    signals() {
      if (!heard) {
        const { stop, kill } = (heard = { stop: new AbortController(), kill: new AbortController() })
        const end = (code: number): void => (stop.signal.aborted ? kill : stop).abort(code)
        process
          .on('SIGINT', () => end(130))
          .on('SIGTERM', () => end(143))
          .on('SIGHUP', () => end(129))
      }
      return { stop: heard.stop.signal, kill: heard.kill.signal }
    },
  }
}

/** Words beside the result: where nobody can read them they are lost, and nothing else is. */
function nothing(): void {}
