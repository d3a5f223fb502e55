import pkg from '../package.json' with { type: 'json' }

const argv = process.argv.slice(2)

if (isOld(process.versions.node)) process.exitCode = await refuseOldNode()
else if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V'))
  process.stdout.write(`drover ${pkg.version}\n`)
else process.exitCode = await start()

function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major < 22 || (major === 22 && minor < 18)
}

async function refuseOldNode(): Promise<number> {
  const { DroverError } = await import('./domain/error.ts')
  const error = new DroverError('old-node', { found: process.versions.node, needed: '22.18' })
  process.stderr.write(`error[${error.code}]: ${error.message}\n  hint: ${error.hint}\n`)
  return error.exit
}

async function start(): Promise<number> {
  const [{ dispatch }, { terminalFacts }] = await Promise.all([
    import('./cli/dispatch.ts'),
    import('./app/load-config.ts'),
  ])
  const signals = listen()
  const { stdin, stdout, stderr } = process
  return dispatch(argv, { stdin, stdout, stderr, cwd: process.cwd(), facts: terminalFacts(), signals: signals.from })
}

/** Signals for commands that end in their own way; a reader that has gone away ends any command quietly. */
function listen() {
  const [stop, kill] = [new AbortController(), new AbortController()]
  let isHeard = false
  const end = (code: number): void => (stop.signal.aborted ? kill : stop).abort(code)
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (isHeard) stop.abort(0)
    else process.exit(0)
  })
  return {
    from() {
      if (!isHeard) process.on('SIGINT', () => end(130)).on('SIGTERM', () => end(143))
      isHeard = true
      return { stop: stop.signal, kill: kill.signal }
    },
  }
}
