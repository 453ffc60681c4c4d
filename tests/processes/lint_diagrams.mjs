// Reads diagrams as the modelers do and lints them as the desktop modeler does. Prints one JSON object per file.
import { readFileSync } from 'node:fs';
import { Linter } from '@camunda/linting';
import { BpmnModdle } from 'bpmn-moddle';
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';

async function lint(file) {
  const { rootElement, warnings } = await new BpmnModdle({ zeebe }).fromXML(readFileSync(file, 'utf8'));
  const reports = await new Linter().lint(rootElement);
  return {
    file,
    warnings: warnings.map((warning) => warning.message),
    reports: reports.map(({ id, rule, message }) => ({ id, rule, message })),
  };
}

Promise.all(process.argv.slice(2).map(lint)).then((found) => console.log(JSON.stringify(found)));
