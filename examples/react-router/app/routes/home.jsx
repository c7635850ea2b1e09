export default () => <h1>tidegate</h1>;
