using Banking.Testing;

namespace Banking.Host.Tests.Identity;

/// <summary>The recipes of docs/identity.md, with tokens as each provider sends them.</summary>
public sealed class RecipeTests(RecipeTests.Hosts hosts) : IClassFixture<RecipeTests.Hosts>
{
    private const string Realm = "/realms/bank";
    private const string Tenant = "/7d0c2f4e-5f0a-4a53-8a7e-0c4f3f1d9b11/v2.0";
    private const string Customer = "0198f000000070008000000000000001";

    /// <summary>One issuer, and a host for each recipe.</summary>
    public sealed class Hosts : IAsyncLifetime
    {
        private readonly DirectoryInfo _folder = TestFolders.New("banking-recipes-");

        internal LocalIssuer Issuer { get; private set; } = null!;

        internal IdentityHost Keycloak { get; private set; } = null!;

        internal IdentityHost Auth0 { get; private set; } = null!;

        internal IdentityHost Entra { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Issuer = await LocalIssuer.StartAsync();
            Keycloak = await StartAsync("Keycloak");
            Auth0 = await StartAsync("Auth0");
            Entra = await StartAsync("Microsoft Entra ID");
        }

        public async ValueTask DisposeAsync()
        {
            await Keycloak.DisposeAsync();
            await Auth0.DisposeAsync();
            await Entra.DisposeAsync();
            await Issuer.DisposeAsync();
            _folder.Delete(recursive: true);
        }

        private Task<IdentityHost> StartAsync(string heading) =>
            IdentityHost.StartAsync(Recipe.Read(heading, Issuer, LocalIssuer.WriteAuthority(_folder.FullName)));
    }

    /// <summary>Roles of the realm and of the client, the audience that all tokens have and that of the bank, and the caller.</summary>
    [Theory]
    [InlineData("bank-teller", "", "teller")]
    [InlineData("", "bank-operator", "operator")]
    [InlineData("bank-auditor", "manage-all", "auditor")]
    // Two roles of the issuer that stand for one of the bank.
    [InlineData("bank-teller", "branch-manager", "teller")]
    public async Task Keycloak_users_have_roles_of_the_realm_or_of_the_client(string realmRole, string clientRole, string role) =>
        Assert.Equal(
            $"36fa0f91-f94d-4a0c-afed-6b7d952e47da | {role} | Eva Teller",
            (await AskAsync(hosts.Keycloak, Realm, KeycloakUser(realmRole, clientRole))).Ok().Body);

    [Fact]
    public async Task Keycloak_customers_are_named_by_a_user_attribute() =>
        Assert.Equal(
            $"36fa0f91-f94d-4a0c-afed-6b7d952e47da | customer | {Customer} | Eva Teller",
            (await AskAsync(hosts.Keycloak, Realm, KeycloakUser("bank-customer", "", $"\"bank_customer\":\"cus_{Customer}\","))).Ok().Body);

    [Fact]
    public async Task A_Keycloak_service_account_is_a_caller_without_a_name() =>
        Assert.Equal("8b1b5b0d-0f3c-4d5e-9f3e-2f7a3d1f6c55 | operator", (await AskAsync(hosts.Keycloak, Realm, """
            {"jti":"trrtcc:6f0e","aud":["bank-api","account"],"sub":"8b1b5b0d-0f3c-4d5e-9f3e-2f7a3d1f6c55","typ":"Bearer",
             "azp":"night-batch","acr":"1","realm_access":{"roles":["offline_access","bank-operator","uma_authorization"]},
             "resource_access":{"account":{"roles":["view-profile"]}},"scope":"profile email","email_verified":false,
             "clientHost":"10.0.0.7","preferred_username":"service-account-night-batch","clientAddress":"10.0.0.7",
             "client_id":"night-batch"}
            """)).Ok().Body);

    [Fact]
    public async Task Keycloak_tokens_of_other_clients_and_of_other_kinds_are_refused()
    {
        var user = KeycloakUser("bank-teller", "");
        (await AskAsync(hosts.Keycloak, Realm, user.Replace("""["bank-api","account"]""", "\"account\"", StringComparison.Ordinal)))
            .IsProblem(401, "unauthenticated");
        foreach (var kind in (string[])["ID", "Refresh", "DPoP"])
        {
            (await AskAsync(hosts.Keycloak, Realm, user.Replace("\"Bearer\"", $"\"{kind}\"", StringComparison.Ordinal)))
                .IsProblem(401, "unauthenticated");
        }
    }

    /// <summary>Both token profiles, and the audience as a list and as a text.</summary>
    [Theory]
    [InlineData("JWT", """["https://api.bank.example","https://bank.eu.auth0.com/userinfo"]""", """["Teller","Chess"]""", "[]", "teller")]
    [InlineData("at+jwt", "\"https://api.bank.example\"", "\"Auditor\"", "[]", "auditor")]
    [InlineData("JWT", "\"https://api.bank.example\"", """["Operator"]""", """["bank:operate","read:weather"]""", "operator")]
    public async Task Auth0_users_have_namespaced_claims_and_permissions(
        string type, string audience, string roles, string permissions, string role) =>
        Assert.Equal($"auth0|6553da60a54af58e29493993 | {role} | Eva Teller", (await AskAsync(hosts.Auth0, "/", $$"""
            {"https://bank.example/roles":{{roles}},"https://bank.example/name":"Eva Teller","sub":"auth0|6553da60a54af58e29493993",
             "aud":{{audience}},"azp":"K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja","scope":"openid profile","permissions":{{permissions}}}
            """, type)).Ok().Body);

    [Fact]
    public async Task An_Auth0_machine_is_a_caller_with_permissions()
    {
        const string Machine = """
            {"sub":"awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients","aud":"https://api.bank.example","azp":"awZfdIir8YFdGZWkvCejDoUb7SjTDicx",
             "scope":"bank:audit","gty":"client-credentials","permissions":["bank:audit"]}
            """;
        Assert.Equal("awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients | auditor", (await AskAsync(hosts.Auth0, "/", Machine)).Ok().Body);
    }

    [Theory]
    [InlineData("""["Bank.Auditor"]""", "[]", "auditor")]
    [InlineData("[]", """["0b7c1f0e-9a52-4c1d-8a9e-3f4f5c0f7a21","c2a1b7de-53c7-4a06-8a86-a1b2c3d4e5f6"]""", "teller")]
    public async Task Entra_users_have_app_roles_or_groups_and_are_known_by_their_object_id(string roles, string groups, string role) =>
        Assert.Equal(
            $"690222be-ff1a-4d56-abd1-7e4f7d38e474 | {role} | Eva Teller",
            (await AskAsync(hosts.Entra, Tenant, EntraUser(roles, groups))).Ok().Body);

    [Fact]
    public async Task Entra_customers_are_named_by_a_directory_extension() =>
        Assert.Equal(
            $"690222be-ff1a-4d56-abd1-7e4f7d38e474 | customer | {Customer} | Eva Teller",
            (await AskAsync(hosts.Entra, Tenant, EntraUser("""["Bank.Customer"]""", "[]", $"\"extn.customer\":[\"cus_{Customer}\"],")))
                .Ok().Body);

    [Fact]
    public async Task An_Entra_application_is_a_caller_without_a_name()
    {
        const string Application = """
            {"aud":"6e74172b-be56-4843-9ff4-e66a39bb12e3","aio":"E2ZgYOjm","azp":"d0f3a1de-7c1c-4d3c-8d6e-0d4e2c1b9a77","azpacr":"1",
             "idtyp":"app","oid":"5c1b7a0e-2f4d-4b7e-9d0a-6b5f4e3d2c1b","rh":"0.AAAA.","roles":["Bank.Operator"],
             "sub":"5c1b7a0e-2f4d-4b7e-9d0a-6b5f4e3d2c1b","tid":"7d0c2f4e-5f0a-4a53-8a7e-0c4f3f1d9b11","uti":"fqiBqXLPj0e","ver":"2.0"}
            """;
        Assert.Equal("5c1b7a0e-2f4d-4b7e-9d0a-6b5f4e3d2c1b | operator", (await AskAsync(hosts.Entra, Tenant, Application)).Ok().Body);
    }

    /// <summary>A token of another realm or tenant has the same key here, but another issuer.</summary>
    [Fact]
    public async Task A_token_of_another_issuer_of_the_same_server_is_refused()
    {
        (await AskAsync(hosts.Keycloak, "/realms/other", KeycloakUser("bank-teller", ""))).IsProblem(401, "unauthenticated");
        (await AskAsync(hosts.Entra, "/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0", EntraUser("""["Bank.Auditor"]""", "[]")))
            .IsProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_caller_needs_exactly_one_role_of_the_bank_and_an_actor()
    {
        (await AskAsync(hosts.Keycloak, Realm, KeycloakUser("teller", "account-admin"))).IsProblem(403, "no_role");
        var several = (await AskAsync(hosts.Keycloak, Realm, KeycloakUser("bank-teller", "bank-auditor"))).IsProblem(403, "several_roles");
        Assert.Contains("(teller, auditor)", several.Text("detail"), StringComparison.Ordinal);
        var unnamed = EntraUser("""["Bank.Auditor"]""", "[]").Replace("\"oid\"", "\"other\"", StringComparison.Ordinal);
        (await AskAsync(hosts.Entra, Tenant, unnamed)).IsProblem(403, "no_actor");
        var teller = hosts.Keycloak.With(hosts.Issuer.Token(Realm, KeycloakUser("bank-teller", "")));
        (await teller.GetAsync("/books")).IsProblem(403, "forbidden");
    }

    private Task<Answer> AskAsync(IdentityHost host, string path, string payload, string type = "JWT") =>
        host.With(hosts.Issuer.Token(path, payload, type)).GetAsync("/caller");

    private static string KeycloakUser(string realmRole, string clientRole, string more = "") => $$$"""
        {"auth_time":1753970000,"jti":"onrtac:d58f5dc8-fd8f-462b-8a19-716f8f83985b","aud":["bank-api","account"],{{{more}}}
         "sub":"36fa0f91-f94d-4a0c-afed-6b7d952e47da","typ":"Bearer","azp":"bank-web","sid":"2a88c258-f73a-4103-b862-e1fbd8f4e04e",
         "acr":"1","allowed-origins":["https://web.bank.example"],
         "realm_access":{"roles":["offline_access","default-roles-bank","uma_authorization","{{{realmRole}}}"]},
         "resource_access":{"bank-api":{"roles":["{{{clientRole}}}"]},"account":{"roles":["manage-account","view-profile"]}},
         "scope":"openid email profile","email_verified":true,"name":"Eva Teller","preferred_username":"eva","given_name":"Eva",
         "family_name":"Teller","email":"eva@bank.example"}
        """;

    private static string EntraUser(string roles, string groups, string more = "") => $$"""
        {"aud":"6e74172b-be56-4843-9ff4-e66a39bb12e3","aio":"AXQAi/8IAAAA","azp":"1c2d3e4f-0000-4a53-8a7e-0c4f3f1d9b11","azpacr":"0",
         {{more}}"groups":{{groups}},"name":"Eva Teller","oid":"690222be-ff1a-4d56-abd1-7e4f7d38e474",
         "preferred_username":"eva@bank.example","rh":"0.AAAA.","roles":{{roles}},"scp":"access_as_user",
         "sub":"HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
         "tid":"7d0c2f4e-5f0a-4a53-8a7e-0c4f3f1d9b11","uti":"fqiBqXLPj0eQa82S-IYFAA","ver":"2.0"}
        """;
}
