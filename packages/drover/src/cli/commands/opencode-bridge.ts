import { readFileSync } from 'node:fs'
import { command } from '../command.ts'

export const opencodeBridge = command({
  name: 'opencode-bridge <file>',
  summary: 'For drover itself: run OpenCode’s server as an agent that is spoken to in lines',
  options: {},
  examples: ['drover opencode-bridge .drover/attempts/task-a1b2/1/opencode.json'],
  async run({ terminal }, _, [file = '']) {
    const { bridgeOpencode } = await import('../../app/opencode-bridge.ts')
    return bridgeOpencode(JSON.parse(readFileSync(file, 'utf8')), {
      stdin: terminal.stdin,
      print: (line) => void terminal.stdout.write(`${JSON.stringify(line)}\n`),
      stop: terminal.signals().stop,
    })
  },
})
