// Gives the page `importDiagram(xml)`: what bpmn-js says when it opens a diagram.
import BpmnViewer from 'bpmn-js/lib/Viewer';
import zeebe from 'zeebe-bpmn-moddle/resources/zeebe.json';

window.importDiagram = async (xml) => {
  const container = document.createElement('div');
  document.body.append(container);
  const viewer = new BpmnViewer({ container, moddleExtensions: { zeebe } });
  const { warnings } = await viewer.importXML(xml);
  return warnings.map((warning) => warning.message);
};
