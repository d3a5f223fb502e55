import { readFileSync, writeFileSync } from 'node:fs'
import type { Use } from './mcp-web.ts'

/** Where agents that speak MCP over HTTP find the tools. */
export interface ToolsPlace {
  url(): Promise<string>
  close(): Promise<void>
}

/** Opened when the first agent is told of it; at once where agents of an earlier daemon may know the port already. */
export function openToolsPlace(file: string, use: Use): ToolsPlace {
  let opened: ReturnType<typeof open> | undefined
  const port = readPort(file)
  const open = async () => {
    const { openToolsWeb } = await import('./mcp-web.ts')
    const web = await openToolsWeb(port, use)
    if (web.port !== port) writeFileSync(file, `${web.port}\n`, { mode: 0o600 })
    return web
  }
  if (port !== 0) opened = open()
  return {
    url: async () => (await (opened ??= open())).url,
    close: async () => (await opened)?.close(),
  }
}

function readPort(file: string): number {
  try {
    const port = Number(readFileSync(file, 'utf8'))
    return Number.isInteger(port) && port > 1023 && port < 65_536 ? port : 0
  } catch {
    return 0 // there was none yet
  }
}
