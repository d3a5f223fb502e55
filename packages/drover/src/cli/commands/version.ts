import pkg from '../../../package.json' with { type: 'json' }
import { command } from '../command.ts'

export const version = command({
  name: 'version',
  summary: 'Versions of drover and what it runs on',
  options: {},
  examples: ['drover version', 'drover version --json'],
  async run({ print }) {
    const { node } = process.versions
    const { platform, arch } = process
    print.result({ version: pkg.version, node, platform, arch }, () => [
      `drover ${pkg.version}`,
      ...(print.verbose ? [`node ${node}`, `${platform} ${arch}`] : []),
    ])
  },
})
