import type { System } from '../ports/system.ts'
