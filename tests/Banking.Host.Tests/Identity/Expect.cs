using Banking.Testing;

namespace Banking.Host.Tests.Identity;

internal static class Expect
{
    public static Answer IsProblem(this Answer answer, int status, string code)
    {
        Assert.True(answer.StatusCode == status && answer.Code == code, $"{answer.StatusCode} {answer.Body}");
        Assert.Equal("application/problem+json", answer.Header("Content-Type"));
        return answer;
    }
}
