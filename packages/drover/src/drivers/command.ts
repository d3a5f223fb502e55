import type { Driver } from '../ports/driver.ts'

/** Runs any program: it is given the prompt and says what it likes. A task's own `run` command takes its place. */
export function commandDriver(name: string, command: string, env: Readonly<Record<string, string>> = {}): Driver {
  return {
    name,
    abilities: {
      continues: false,
      resumes: false,
      adoptable: true,
      hint: 'none',
      interrupt: 'signal',
      tools: false,
      cost: 'none',
      limits: 'none',
      remembersBroken: false,
      recalls: false,
    },
    program: null,
    spawn: ({ run }) => ({
      file: 'sh',
      args: ['-c', run ?? command],
      env: { ...env },
      stdin: run === null ? 'prompt' : 'none',
    }),
    talk: () => ({ open: () => [], read: (line) => [{ kind: 'text', text: line }], say: () => undefined }),
    silent: true,
    configured: () => ({}),
  }
}
